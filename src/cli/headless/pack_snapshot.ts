import type { Snapshot } from '../../index.ts';
import { base64 } from './base64.ts';
import type { PackedSnapshot } from './protocol.ts';

export function packSnapshot({ weights, slots, averages, statistics, ...rest }: Snapshot): PackedSnapshot {
  return {
    ...rest,
    weights: weights.map(base64),
    slots: slots.map(base64),
    ...(averages && { averages: averages.map(base64) }),
    ...(statistics && {
      statistics: {
        mean: [...statistics.mean],
        std: [...statistics.std],
        ...(statistics.zca && { zca: base64(statistics.zca) }),
      },
    }),
  };
}
