import type { Page } from 'puppeteer';

export interface FakeCamera {
  camera: 'missing' | 'refused' | 'there';
  color: string;
}

/** A camera that shows a color, which the test changes. Chrome's fake camera can't be read without a GPU. */
export const fakeCamera = (page: Page) =>
  page.evaluateOnNewDocument(() => {
    const fake = Object.assign(globalThis as unknown as FakeCamera, { camera: 'missing', color: '#c04020' });
    navigator.mediaDevices.getUserMedia = async () => {
      if (fake.camera === 'missing') throw new DOMException('Requested device not found', 'NotFoundError');
      if (fake.camera === 'refused') throw new DOMException('Permission denied', 'NotAllowedError');
      const canvas = Object.assign(document.createElement('canvas'), { width: 160, height: 120 });
      const context = canvas.getContext('2d')!;
      let frames = 0;
      setInterval(() => {
        context.fillStyle = fake.color;
        context.fillRect(0, 0, 160, 120);
        context.fillStyle = '#fff';
        context.fillRect(40 + ((7 * frames++) % 60), 50, 20, 20);
      }, 50);
      return canvas.captureStream(20);
    };
  });
