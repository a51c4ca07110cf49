import { Arg, Authorized, Ctx, Mutation, Resolver, UseMiddleware } from 'type-graphql';
import { Scope } from '../auth/scope';
import { callerOf, type RequestContext } from '../context';
import { failuresAsPayload } from '../graphql/failures-as-payload';
import { KickUsersInput } from './kick-users.input';
import { KickUsersError, KickUsersPayload, KickUsersSuccess } from './kick-users.payload';
import { type KickUsersService } from './kick-users.service';

@Resolver()
export class KickUsersResolver {
  constructor(private readonly service: KickUsersService) {}

  @Authorized(Scope.KICK)
  @UseMiddleware(failuresAsPayload(KickUsersError))
  @Mutation(() => KickUsersPayload, {
    description: 'Forces one user offline from the given apps, now. Needs the scope `users:kick`.',
  })
  async kickUsers(
    @Arg('input', () => KickUsersInput, { description: 'The user, the apps and the reason.' }) input: KickUsersInput,
    @Ctx() context: RequestContext,
  ): Promise<typeof KickUsersPayload> {
    return new KickUsersSuccess(await this.service.kick(input, callerOf(context)));
  }
}
