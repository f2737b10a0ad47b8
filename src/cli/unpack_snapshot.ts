import type { Snapshot } from '../index.ts';
import type { PackedSnapshot } from './headless/protocol.ts';

export function unpackSnapshot({ weights, slots, averages, statistics, ...rest }: PackedSnapshot): Snapshot {
  const { zca, ...figures } = statistics ?? {};
  return {
    ...rest,
    weights: weights.map(tensorOf),
    slots: slots.map(tensorOf),
    ...(averages && { averages: averages.map(tensorOf) }),
    ...(statistics && {
      statistics: {
        ...(figures as typeof statistics),
        ...(zca !== undefined && { zca: tensorOf(zca) }),
      } as Snapshot['statistics'],
    }),
  };
}

function tensorOf(text: string): Float32Array {
  const bytes = Uint8Array.from(Buffer.from(text, 'base64'));
  return new Float32Array(bytes.buffer);
}
