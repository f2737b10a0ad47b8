import type { Page } from './headless/protocol.ts';
import { Interrupts } from './interrupts.ts';
import { type Opening, Session, type SessionOptions } from './session.ts';

/** Opens a session and does `work` in it. Chrome is closed in any case, even if a signal ends the command. */
export async function withSession<Result, P extends Opening = Page>(
  options: SessionOptions,
  work: (session: Session<P>) => Promise<Result>,
): Promise<Result> {
  let session: Session<P> | undefined;
  const interrupts = new Interrupts(async () => session?.close());
  try {
    session = await Session.open<P>(options);
    return await work(session);
  } finally {
    interrupts.dispose();
    await session?.close();
  }
}
