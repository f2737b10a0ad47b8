import { type Phase, phases } from '../plan/phases.ts';
import type { TrainingProfile } from '../train/profile_step.ts';

/** An event of the trace event format, as far as it is used here; times in microseconds. */
export type TraceEvent =
  | { ph: 'M'; name: 'process_name' | 'thread_name'; pid: number; tid: number; args: { name: string } }
  | { ph: 'M'; name: 'thread_sort_index'; pid: number; tid: number; args: { sort_index: number } }
  | { ph: 'X'; name: string; cat: Phase; pid: number; tid: number; ts: number; dur: number; args: object };

/** A trace in Chrome's JSON format, which Perfetto and chrome://tracing open. */
export interface ChromeTrace {
  /** Names of threads, then a slice for each dispatch. */
  traceEvents: TraceEvent[];
  /** What the trace was made of. */
  otherData: Record<string, string>;
}

const threadNames: Record<Phase, string> = {
  input: 'images of the batch',
  forward: 'forward',
  backward: 'backward',
  update: 'norms and update',
};

/**
 * A profile as a trace that chrome://tracing and https://ui.perfetto.dev open: one step, its dispatches one after the
 * other, a thread for each phase. Each was timed on its own, so what lies between two dispatches of a real step is not in
 * it. Source: Trace Event Format, Google, 2016.
 *
 * @param title names the process, as "wgrad, tutorial on mnist".
 */
export function chromeTrace(profile: TrainingProfile, title = 'wgrad'): ChromeTrace {
  const pid = 1;
  const traceEvents: TraceEvent[] = [{ ph: 'M', name: 'process_name', pid, tid: 0, args: { name: title } }];
  for (const [i, phase] of phases.entries()) {
    traceEvents.push({ ph: 'M', name: 'thread_name', pid, tid: i + 1, args: { name: threadNames[phase] } });
    traceEvents.push({ ph: 'M', name: 'thread_sort_index', pid, tid: i + 1, args: { sort_index: i } });
  }
  let ts = 0;
  for (const dispatch of profile.dispatches) {
    const { name, layer, variant, phase, microseconds, gflops, gbps, flops, bytes, workgroups, repeats } = dispatch;
    traceEvents.push({
      ph: 'X',
      name: layer ? `${name} ${layer}` : name,
      cat: phase,
      pid,
      tid: phases.indexOf(phase) + 1,
      ts,
      dur: microseconds,
      args: { layer, variant, workgroups, flops, bytes, 'GFLOP/s': gflops, 'GB/s': gbps, repeats },
    });
    ts += microseconds;
  }
  const { rounded, timestampResolutionNs } = profile;
  return {
    traceEvents,
    otherData: {
      timing:
        'each dispatch in a pass of its own, the median of some rounds; they follow each other here without a gap',
      timestamps: rounded ? `rounded to ${timestampResolutionNs / 1000} us` : 'not rounded',
    },
  };
}
