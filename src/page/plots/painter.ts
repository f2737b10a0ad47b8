/**
 * Schedules painting: visible elements first, for a few milliseconds per frame, so that no frame waits for all plots; invisible
 * ones once a second, so that they are up to date when the user scrolls to them.
 */

/** Milliseconds per frame for painting; a painting that begins within them may end later. */
const share = 6;
/** Minimum milliseconds between two paintings of a visible and of an invisible element. */
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
  // A set iterates in insertion order, so those that have waited longest come first.
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

/** Paints an element after a request, with the data that are current by then. */
export class Painter {
  private isInSight = false;
  private isStale = false;
  private last = -Infinity;
  private timer = 0;

  /**
   * @param element that is painted; its visibility determines the delay.
   * @param together name of a group of elements that must be painted in the same frame.
   */
  constructor(
    private readonly element: Element,
    private readonly work: () => void,
    readonly together?: string,
  ) {
    painters.set(element, this);
    sights.observe(element);
  }

  /** Requests a painting, because there are new data. */
  ask(): void {
    this.isStale = true;
    this.plan();
  }

  /** @param isInSight whether the element is visible now. */
  come(isInSight: boolean): void {
    this.isInSight = isInSight;
    if (!this.isStale) return;
    clearTimeout(this.timer);
    this.timer = 0;
    this.plan();
  }

  /** @param begin start time of the frame. */
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
