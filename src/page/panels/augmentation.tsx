import { Panel } from '../panel.tsx';
import { Picture } from '../picture.tsx';
import { preview } from '../preview.ts';
import './augmentation.css';

/** How images are warped: some of the training images, and draws of each beside it. */
export function AugmentationPanel() {
  return (
    <Panel id="augmentation" title="Augmentation">
      <Draws />
    </Panel>
  );
}

function Draws() {
  const shown = preview.value;
  if (!shown) return <div class="draws empty" />;
  const { originals, imageShape, labels, draws } = shown;
  const [height, width, channels] = imageShape;
  const elements = height * width * channels;
  return (
    <table class="draws" aria-label="Training images, and how they are warped in epochs to come">
      <thead>
        <tr>
          <th scope="col">original</th>
          <th scope="colgroup" colSpan={draws.length}>
            as it is seen in training
          </th>
        </tr>
      </thead>
      <tbody>
        {labels.map((label, row) => (
          <tr key={row}>
            <th scope="row">
              <Picture
                pixels={originals.subarray(row * elements, (row + 1) * elements)}
                shape={imageShape}
                label={`${label}, as it is`}
              />
            </th>
            {draws.map(({ shape, images }, column) => {
              const each = images.length / labels.length;
              return (
                <td key={column}>
                  <Picture
                    pixels={images.subarray(row * each, (row + 1) * each)}
                    shape={shape}
                    label={`${label}, draw ${column + 1}`}
                  />
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
