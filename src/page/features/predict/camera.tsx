import { useEffect, useRef } from 'preact/hooks';
import { hasPicture, middleOf, useCamera } from '../../ui/camera.ts';
import { CameraView } from '../../ui/camera_view.tsx';
import { answer, askAbout, question, shapeOfRun } from '../run/questions.ts';
import { ink } from './model.ts';
import { likeTrained } from './picture_bytes.ts';

/** The webcam's pictures are asked about one after the other, as fast as answers come. */
export function TryCamera() {
  const camera = useCamera();
  const { isOn, video } = camera;
  const last = answer.value;
  /** What is asked about is what it sees. */
  const isLive = useRef(false);
  useEffect(() => {
    isLive.current &&= isOn;
    if (!isOn) return undefined;
    let frame = 0;
    const ask = () => {
      // Somebody asks about something else: that stays.
      if (isLive.current && !question.peek()?.isLive) return camera.stop();
      const shape = shapeOfRun();
      if (!shape || !hasPicture(video.current)) {
        frame = requestAnimationFrame(ask);
        return;
      }
      isLive.current = true;
      const pixels = likeTrained(middleOf(video.current, [shape[0], shape[1]], true), shape, ink.peek());
      askAbout({ pixels, isLive: true });
    };
    frame = requestAnimationFrame(ask);
    return () => cancelAnimationFrame(frame);
  }, [isOn, last]);
  return <CameraView id="try-camera" camera={camera} />;
}

/** A picture from a file. */
export async function askAboutFile(file: Blob): Promise<void> {
  const shape = shapeOfRun();
  if (!shape) return;
  const bitmap = await createImageBitmap(file);
  const pixels = likeTrained(middleOf(bitmap, [shape[0], shape[1]]), shape, ink.peek());
  bitmap.close();
  await askAbout({ pixels });
}
