import { useEffect, useRef } from 'preact/hooks';
import { training } from '../../app/worker_client.ts';
import { hasPicture, middleOf, useCamera } from '../../ui/camera.ts';
import { CameraView } from '../../ui/camera_view.tsx';
import { answer, askAbout, question, shapeOfRun } from '../run/questions.ts';
import { ink } from './model.ts';
import { likeTrained } from './picture_bytes.ts';

/** Classifies the webcam's pictures one after the other, as fast as the answers arrive. */
export function TryCamera() {
  const camera = useCamera();
  const { isOn, video } = camera;
  const last = answer.value;
  /** Whether the current question comes from the webcam. */
  const isLive = useRef(false);
  useEffect(() => {
    isLive.current &&= isOn;
    if (!isOn) return undefined;
    let frame = 0;
    const ask = () => {
      // If the user asks about another image, the webcam must not replace it.
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

/** Asks about a picture from a file. */
export async function askAboutFile(file: Blob): Promise<void> {
  const shape = shapeOfRun();
  if (!shape) return;
  const bitmap = await training.preparedPicture(file);
  if (!bitmap) return;
  const pixels = likeTrained(middleOf(bitmap, [shape[0], shape[1]]), shape, ink.peek());
  bitmap.close();
  await askAbout({ pixels });
}
