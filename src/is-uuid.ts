const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Whether it is an id as we give them; PostgreSQL would fail on another text, where nothing has such an id. */
export const isUuid = (text: string): boolean => UUID.test(text);
