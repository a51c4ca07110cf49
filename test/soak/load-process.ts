/** The load in a process of its own: its connections end with it. Told what to do by one message, answers with one. */
import { Load, type LoadOptions } from './load';

process.once('message', ({ options, durationMs }: { options: LoadOptions; durationMs: number }) => {
  void new Load(options).run(durationMs).then((outcomes) => process.send?.(outcomes, () => process.exit(0)));
});
