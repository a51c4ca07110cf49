import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { NeedsScope } from '../auth/needs-scope';
import { Scope } from '../auth/scope';
import { callerOf, type RequestContext } from '../context';
import { FailuresAsPayload } from '../graphql/failures-as-payload';
import { KickUsersInput } from './kick-users.input';
import { KickUsersError, KickUsersPayload, KickUsersSuccess } from './kick-users.payload';
import { type KickUsersService } from './kick-users.service';

@Resolver()
export class KickUsersResolver {
  constructor(private readonly service: KickUsersService) {}

  @NeedsScope(Scope.KICK)
  @FailuresAsPayload(KickUsersError)
  @Mutation(() => KickUsersPayload, {
    description: 'Forces one user offline from the given apps, now. Needs the scope `users:kick`.',
  })
  kickUsers(
    @Arg('input', () => KickUsersInput, { description: 'The user, the apps and the reason.' }) input: KickUsersInput,
    @Ctx() context: RequestContext,
  ): Promise<typeof KickUsersPayload> {
    return this.service.kick(input, callerOf(context)).then((result) => new KickUsersSuccess(result));
  }
}
