/** A client behind a round-robin balancer that looks at readiness: as many kicks a second whatever the gateways do. */
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../helpers/eventually';
import { kick } from '../helpers/execute';

/** Much shorter than the grace of the gateways. Milliseconds. */
const POLL_MS = 50;
const KICK_EVERY_MS = 25;
/** What a gateway said before that says nothing any more: this process may have stood still meanwhile. */
const FRESH_MS = 400;

interface Target {
  url: string;
  /** When it was asked last and said that it is ready, by `performance.now()`. */
  readyAt: number;
}

const isFresh = ({ readyAt }: Target): boolean => performance.now() - readyAt < FRESH_MS;

const isReady = async (url: string): Promise<boolean> => {
  const signal = AbortSignal.timeout(500);
  return fetch(`${url}/readyz`, { signal }).then(
    async (response) => {
      await response.arrayBuffer();
      return response.ok;
    },
    () => false,
  );
};

export class SteadyClient {
  /** The payloads, or whatever came in the place of one, by the gateway that was asked. */
  readonly answers: { url: string; answer: unknown }[] = [];
  private readonly targets: Target[];
  private readonly underWay = new Set<Promise<void>>();
  private isOver = false;
  private turn = 0;

  constructor(
    urls: readonly string[],
    private readonly token: string,
    private readonly input: Record<string, unknown>,
  ) {
    this.targets = urls.map((url) => ({ url, readyAt: -Infinity }));
  }

  /** Until `stop`. */
  async run(): Promise<void> {
    const polls = this.targets.map((target) => this.watch(target));
    while (!this.isOver) {
      const { url } = await this.next();
      const answer = kick({ url, token: this.token }, this.input).catch((error: unknown) => String(error));
      const done = answer.then((payload) => {
        this.answers.push({ url, answer: payload });
        this.underWay.delete(done);
      });
      this.underWay.add(done);
      await delay(KICK_EVERY_MS);
    }
    await Promise.all([...polls, ...this.underWay]);
  }

  stop(): void {
    this.isOver = true;
  }

  /** A gateway that is ready, each in its turn. */
  async next(): Promise<{ url: string }> {
    const ready = await eventually(
      () => this.targets.filter(isFresh),
      ({ length }) => length > 0,
    );
    this.turn += 1;
    return ready[this.turn % ready.length]!;
  }

  /** Whether a gateway takes part again. */
  readonly isBack = (url: string): boolean => this.targets.some((target) => target.url === url && isFresh(target));

  private async watch(target: Target): Promise<void> {
    while (!this.isOver) {
      const askedAt = performance.now();
      target.readyAt = (await isReady(target.url)) ? askedAt : -Infinity;
      await delay(POLL_MS);
    }
  }
}
