import { Interrupts } from './interrupts.ts';
import { Session, type SessionOptions } from './session.ts';

/** Opens a session and does `work` in it. Chrome is closed whatever happens, also where a signal ends the command. */
export async function withSession<Result>(
  options: SessionOptions,
  work: (session: Session) => Promise<Result>,
): Promise<Result> {
  let session: Session | undefined;
  const interrupts = new Interrupts(async () => session?.close());
  try {
    session = await Session.open(options);
    return await work(session);
  } finally {
    interrupts.dispose();
    await session?.close();
  }
}
