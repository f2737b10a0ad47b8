import { useEffect, useRef, useState } from 'preact/hooks';
import type { ErrorParts } from '../../errors.ts';

/** A camera that is on while it is used. A video element shows it, and pictures are taken from that. */
export interface Camera {
  /** Ref for the video element. */
  video: { current: HTMLVideoElement | null };
  isOn: boolean;
  /** Why the camera is off. */
  error: ErrorParts | undefined;
  start(): Promise<void>;
  stop(): void;
}

export function useCamera(): Camera {
  const video = useRef<HTMLVideoElement>(null);
  const [stream, setStream] = useState<MediaStream>();
  const [error, setError] = useState<ErrorParts>();
  const isWanted = useRef(false);
  const stop = () => {
    isWanted.current = false;
    setStream(undefined);
  };
  const start = async () => {
    isWanted.current = true;
    setError(undefined);
    try {
      const opened = await openCamera();
      // The user may have left while the browser asked for permission.
      if (!isWanted.current) return endTracks(opened);
      opened.getVideoTracks()[0]?.addEventListener('ended', () => {
        stop();
        setError({
          what: 'The webcam has stopped',
          found: 'no picture any more',
          fix: 'connect it, and turn it on again',
        });
      });
      setStream(opened);
    } catch (error) {
      setError(error as ErrorParts);
    }
  };
  useEffect(() => {
    if (!stream) return undefined;
    if (video.current) {
      video.current.srcObject = stream;
      // A video with autoplay plays only while it is visible.
      video.current.play().catch(() => undefined);
    }
    return () => endTracks(stream);
  }, [stream]);
  useEffect(() => stop, []);
  return { video, isOn: stream !== undefined, error, start, stop };
}

function endTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

const refusals: Record<string, Pick<ErrorParts, 'what' | 'fix'>> = {
  NotAllowedError: {
    what: 'The webcam was refused',
    fix: 'allow this page to use the camera, at the left of the address bar, and turn it on again',
  },
  NotFoundError: { what: 'No webcam was found', fix: 'connect one and turn it on again, or use pictures from files' },
  NotReadableError: { what: 'The webcam is in use', fix: 'close the other program that uses it, and turn it on again' },
};

/** @throws ErrorParts if there is no camera, or access was denied. */
async function openCamera(): Promise<MediaStream> {
  if (!navigator.mediaDevices) {
    throw {
      what: 'No webcam can be used here',
      found: 'a page that was not loaded over https',
      fix: 'open it over https, or use pictures from files',
    } satisfies ErrorParts;
  }
  try {
    return await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 }, height: { ideal: 480 } } });
  } catch (error) {
    const { name, message } = error as DOMException;
    const known = refusals[name] ?? { what: 'The webcam does not start', fix: 'turn it on again' };
    throw { ...known, found: message ? `${name}: ${message}` : name } satisfies ErrorParts;
  }
}

/**
 * The center of a picture, cropped to the given aspect ratio, as bytes [height, width, 3].
 *
 * @param isMirrored exchanges left and right, as in a mirror.
 */
export function middleOf(
  source: HTMLVideoElement | ImageBitmap,
  [height, width]: readonly [number, number],
  isMirrored = false,
): Uint8Array<ArrayBuffer> {
  const [wide, tall] =
    source instanceof HTMLVideoElement ? [source.videoWidth, source.videoHeight] : [source.width, source.height];
  const scale = Math.min(wide / width, tall / height);
  const [w, h] = [width * scale, height * scale];
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.imageSmoothingQuality = 'high';
  if (isMirrored) context.setTransform(-1, 0, 0, 1, width, 0);
  context.drawImage(source, (wide - w) / 2, (tall - h) / 2, w, h, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  return Uint8Array.from({ length: height * width * 3 }, (_, i) => data[4 * Math.floor(i / 3) + (i % 3)]!);
}

/** Whether the video has a frame that can be captured. */
export const hasPicture = (video: HTMLVideoElement | null): video is HTMLVideoElement =>
  video !== null && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && video.videoWidth > 0;
