import 'reflect-metadata';
import type { GraphQLSchema } from 'graphql';
import { buildSchemaSync, type ContainerType, type PubSub } from 'type-graphql';
import { AuditEventsResolver } from './audit/audit-events.resolver';
import { ViewerResolver } from './auth/viewer.resolver';
import { guardFields } from './graphql/guard-fields';
import { validateInput } from './graphql/validate-input';
import { KickJobFieldsResolver } from './jobs/kick-job-fields.resolver';
import { KickJobProgressResolver } from './jobs/kick-job-progress.resolver';
import { KickJobResolver } from './jobs/kick-job.resolver';
import { KickUsersResolver } from './kick/kick-users.resolver';

/** One line for each topic. */
const RESOLVERS = [
  KickUsersResolver,
  KickJobResolver,
  KickJobFieldsResolver,
  KickJobProgressResolver,
  AuditEventsResolver,
  ViewerResolver,
] as const;

/** type-graphql has no place for the descriptions of the root types. */
const ROOT_DESCRIPTIONS: Readonly<Record<string, string>> = {
  Query: 'What can be read.',
  Mutation: 'What can be done. Each answers a union of success and error: select both members.',
  Subscription:
    'What can be watched, at `/graphql/stream`: GraphQL over server-sent events, one operation a connection.',
};

/** type-graphql asks for one, though our only subscription brings its own source. */
const NO_PUB_SUB: PubSub = {
  publish: () => undefined,
  subscribe: () => {
    throw new Error('Subscriptions bring their own source.');
  },
};

/** @param container makes the resolvers; the schema can be printed without one */
export function createSchema(container?: ContainerType): GraphQLSchema {
  const schema = buildSchemaSync({
    resolvers: RESOLVERS,
    validateFn: validateInput,
    pubSub: NO_PUB_SUB,
    ...(container !== undefined && { container }),
  });
  for (const type of [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]) {
    if (type) type.description = ROOT_DESCRIPTIONS[type.name];
  }
  guardFields(schema);
  return schema;
}

/** A container for type-graphql that needs no library: each resolver class and its one instance. */
export const containerOf = (instances: readonly object[]) => ({
  get: (wanted: unknown): unknown => instances.find(({ constructor }) => constructor === wanted),
});
