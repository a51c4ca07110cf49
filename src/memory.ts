/**
 * How V8 keeps its heap. Imported before anything grows.
 *
 * The old heap may grow to just under twice what is alive before it is collected, not several times over, as V8 does by
 * itself: a busy gateway then holds some forty megabytes less, for a few more collections.
 *
 * Nothing is put into the old heap at birth ("pretenuring", `node --v8-options`). V8 does that with what it has
 * seen to live on, and all that belongs to a kick lives on for as long as GenAuth takes. Once in the old heap, a kick's dead
 * objects keep alive whatever they name in the young one, until the old heap is collected: nine kilobytes a kick were copied
 * there, and a collection that stops the gateway for 40 ms came every four seconds.
 */
import { setFlagsFromString } from 'node:v8';

setFlagsFromString('--heap-growing-percent=90');
setFlagsFromString('--no-allocation-site-pretenuring');
