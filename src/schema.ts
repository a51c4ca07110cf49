import 'reflect-metadata';
import type { GraphQLSchema } from 'graphql';
import { buildSchemaSync, type ContainerType } from 'type-graphql';
import { authChecker } from './auth/auth-checker';
import { ViewerResolver } from './auth/viewer.resolver';
import { validateInput } from './graphql/validate-input';
import { KickUsersResolver } from './kick/kick-users.resolver';

/** One line for each topic. */
const RESOLVERS = [KickUsersResolver, ViewerResolver] as const;

/** @param container makes the resolvers; the schema can be printed without one */
export const createSchema = (container?: ContainerType): GraphQLSchema =>
  buildSchemaSync({
    resolvers: RESOLVERS,
    authChecker,
    validateFn: validateInput,
    ...(container !== undefined && { container }),
  });
