/** Prints the schema into schema/schema.graphql, sorted, so that a diff shows what changed and nothing else. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { createSchema } from './schema';

export const SCHEMA_FILE = path.join(__dirname, '..', 'schema', 'schema.graphql');

/** The schema as it is in the file. */
export const printContract = (): string => `${printSchema(lexicographicSortSchema(createSchema()))}\n`;

if (require.main === module) writeFileSync(SCHEMA_FILE, printContract());
