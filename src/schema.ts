import 'reflect-metadata';
import type { GraphQLSchema } from 'graphql';
import { buildSchemaSync, type ContainerType } from 'type-graphql';
import { AuditEventsResolver } from './audit/audit-events.resolver';
import { authChecker } from './auth/auth-checker';
import { ViewerResolver } from './auth/viewer.resolver';
import { validateInput } from './graphql/validate-input';
import { KickUsersResolver } from './kick/kick-users.resolver';

/** One line for each topic. */
const RESOLVERS = [KickUsersResolver, ViewerResolver, AuditEventsResolver] as const;

/** type-graphql has no place for the descriptions of the root types. */
const ROOT_DESCRIPTIONS: Readonly<Record<string, string>> = {
  Query: 'What can be read.',
  Mutation: 'What can be done. Each answers a union of success and error: select both members.',
};

/** @param container makes the resolvers; the schema can be printed without one */
export function createSchema(container?: ContainerType): GraphQLSchema {
  const schema = buildSchemaSync({
    resolvers: RESOLVERS,
    authChecker,
    validateFn: validateInput,
    ...(container !== undefined && { container }),
  });
  for (const type of [schema.getQueryType(), schema.getMutationType()]) {
    if (type) type.description = ROOT_DESCRIPTIONS[type.name];
  }
  return schema;
}
