/** A stream is to end as if broken off: what it tells of is not over. Its client then comes back, to another gateway. */
export class StreamCut extends Error {
  override readonly name = 'StreamCut';
}
