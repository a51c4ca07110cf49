import { Ctx, Field, ObjectType, Query, Resolver } from 'type-graphql';
import { callerOf, type RequestContext } from '../context';
import { NeedsScope } from './needs-scope';

@ObjectType({ simpleResolvers: true, description: 'The caller, as the gateway knows them from their token.' })
export class Viewer {
  @Field(() => String, { description: "Who is calling: the token's `sub`." })
  subject!: string;

  @Field(() => String, { description: "Who vouches for the caller: the token's `iss`." })
  issuer!: string;

  @Field(() => [String], {
    description:
      'What the caller may do: `users:kick` to kick users and run jobs, `kicks:read` to read jobs and audit.',
  })
  scopes!: string[];
}

@Resolver()
export class ViewerResolver {
  @NeedsScope()
  @Query(() => Viewer, { description: 'Who the gateway takes the caller for, and what they may do. Needs no scope.' })
  viewer(@Ctx() context: RequestContext): Viewer {
    const { subject, issuer, scopes } = callerOf(context).principal;
    return { subject, issuer, scopes: [...scopes] };
  }
}
