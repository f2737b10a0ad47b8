import { type Phase, phases } from '../plan/phases.ts';
import type { TrainingProfile } from '../train/profile_step.ts';

/** The subset of trace event types used here; times are in microseconds. */
export type TraceEvent =
  | { ph: 'M'; name: 'process_name' | 'thread_name'; pid: number; tid: number; args: { name: string } }
  | { ph: 'M'; name: 'thread_sort_index'; pid: number; tid: number; args: { sort_index: number } }
  | { ph: 'X'; name: string; cat: Phase; pid: number; tid: number; ts: number; dur: number; args: object };

/** A trace in Chrome's JSON format, which Perfetto and chrome://tracing open. */
export interface ChromeTrace {
  /** Thread names, then one slice per dispatch. */
  traceEvents: TraceEvent[];
  /** Metadata about the profiled training. */
  otherData: Record<string, string>;
}

const threadNames: Record<Phase, string> = {
  input: 'images of the batch',
  forward: 'forward',
  backward: 'backward',
  update: 'norms and update',
};

/**
 * Converts a profile to a trace for chrome://tracing and https://ui.perfetto.dev: one step with its dispatches in sequence, and a
 * thread per phase. Each dispatch was timed separately, so the trace does not show the gaps between the dispatches of a real step.
 * Source: Trace Event Format, Google, 2016.
 *
 * @param title name of the process, such as "wgrad, tutorial on mnist".
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
