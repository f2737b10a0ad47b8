/**
 * Who paints when: what is in sight first, a few milliseconds a frame, so that no frame waits for the drawing of all plots;
 * what is out of sight once a second, so that it has no old picture when somebody scrolls to it.
 */

/** Milliseconds of a frame for painting; the last painting that begins in them ends behind them. */
const share = 6;
/** Milliseconds from one painting to the next, of what is seen and of what nobody sees. */
const pause = { inSight: 50, outOfSight: 1000 };

const waiting = new Set<Painter>();
let isAsked = false;

const sights = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) painters.get(target)?.come(isIntersecting);
});
const painters = new Map<Element, Painter>();

function paintSome(): void {
  isAsked = false;
  const begin = performance.now();
  let together: string | undefined;
  // A set goes by who has waited longest.
  for (const painter of waiting) {
    const isDue = performance.now() - begin < share || (together && painter.together === together);
    if (!isDue) break;
    together = painter.together;
    waiting.delete(painter);
    painter.paint(begin);
  }
  if (waiting.size) askForFrame();
}

function askForFrame(): void {
  if (!isAsked) requestAnimationFrame(paintSome);
  isAsked = true;
}

/** Paints an element when it has been asked to, with what there is by then. */
export class Painter {
  private isInSight = false;
  private isStale = false;
  private last = -Infinity;
  private timer = 0;

  /**
   * @param element that is painted: where it is decides how soon.
   * @param together a name for elements that would look torn if some were a frame behind the others.
   */
  constructor(
    private readonly element: Element,
    private readonly work: () => void,
    readonly together?: string,
  ) {
    painters.set(element, this);
    sights.observe(element);
  }

  /** There is something new to be seen. */
  ask(): void {
    this.isStale = true;
    this.plan();
  }

  /** @param isInSight whether a person sees the element now. */
  come(isInSight: boolean): void {
    this.isInSight = isInSight;
    if (!this.isStale) return;
    clearTimeout(this.timer);
    this.timer = 0;
    this.plan();
  }

  /** @param begin of the frame. */
  paint(begin: number): void {
    this.isStale = false;
    this.last = begin;
    this.work();
  }

  dispose(): void {
    clearTimeout(this.timer);
    waiting.delete(this);
    sights.unobserve(this.element);
    painters.delete(this.element);
  }

  private plan(): void {
    const left = this.last + (this.isInSight ? pause.inSight : pause.outOfSight) - performance.now();
    if (left <= 0) this.queue();
    else this.timer ||= window.setTimeout(() => this.queue(), left);
  }

  private queue(): void {
    clearTimeout(this.timer);
    this.timer = 0;
    waiting.add(this);
    askForFrame();
  }
}
