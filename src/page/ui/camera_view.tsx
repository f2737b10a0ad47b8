import type { ComponentChildren } from 'preact';
import type { Camera } from './camera.ts';
import { Facts } from './error_facts.tsx';
import './camera.css';

interface CameraViewProps {
  id: string;
  camera: Camera;
  /** Alternatives if the camera is denied or missing. */
  instead?: ComponentChildren;
}

/** The camera's picture, mirrored; or why there is none, with the alternatives. */
export function CameraView({ id, camera, instead }: CameraViewProps) {
  const { video, isOn, error, start, stop } = camera;
  return (
    <div id={id} class="camera">
      {isOn && <video ref={video} muted playsInline aria-label="What the webcam sees" />}
      {error && (
        <div class="camera-error" role="alert">
          <p>
            <strong>{error.what}.</strong>
          </p>
          <Facts {...error} />
        </div>
      )}
      <div class="row">
        <button type="button" onClick={isOn ? stop : start}>
          {isOn ? 'Turn the webcam off' : error ? 'Try again' : 'Use the webcam'}
        </button>
        {error && instead}
      </div>
    </div>
  );
}
