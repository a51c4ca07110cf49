/** Behind every position that a table's `bigint` can have: where a list that goes from the newest to the oldest begins. */
export const LAST_POSITION = '9223372036854775807';
