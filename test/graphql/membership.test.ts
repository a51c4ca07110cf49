/** Which documents are put into order to be compared with the list: it takes their size times their depth, and anybody sends some. */
import { parse } from 'graphql';
import * as normalising from '../../src/graphql/normalise';
import { createMembership } from '../../src/graphql/persisted-manifest';

jest.mock('../../src/graphql/normalise', () => ({
  __esModule: true,
  ...jest.requireActual('../../src/graphql/normalise'),
}));

const LISTED =
  'query Who($id: ID!, $first: Int) { kickJob(id: $id) { id outcomes(first: $first) { edges { cursor } } } }';
const manifest = new Map([['hash', LISTED]]);

it.each([
  ['as it is', LISTED],
  ['in another order', LISTED.replace('$id: ID!, $first: Int', '$first: Int, $id: ID!')],
  ['with comments and spaces', `# one\n${LISTED.replaceAll(' {', '\n  {')}`],
  ['with descriptions', `"what it is for"\n${LISTED.replace('$first', '"how many" $first')}`],
])('the one that is listed, %s', (_how, text) => {
  expect(createMembership(manifest)(parse(text))).toBe(true);
});

it.each([
  ['another field', LISTED.replace('cursor', 'node')],
  ['a deep one', `${'{a'.repeat(300)}(b: "c")${'}'.repeat(300)}`],
  ['nothing of it', '{ __typename }'],
])('none that is not listed: %s', (_what, text) => {
  expect(createMembership(manifest)(parse(text))).toBe(false);
});

it('only those of as many parts as a listed one are put into order', () => {
  const isMember = createMembership(manifest);
  const normalise = jest.spyOn(normalising, 'normalise');
  isMember(parse(`${'{a'.repeat(300)}${'}'.repeat(300)}`));
  expect(normalise).not.toHaveBeenCalled();
  isMember(parse(LISTED.replace('cursor', 'node')));
  expect(normalise).toHaveBeenCalledTimes(1);
});
