/** Reads what GenAuth has of one user, where its answer to a kick is not enough. */
import type { CallContext } from '../genauth/attempt';
import type { WireUserIdType } from '../genauth/wire';
import type { Reading } from './kick-line.repository';
import { UserIdType } from '../kick/user-id-type.enum';
import type { OwnIds } from './own-ids';

export interface SessionReads {
  isSessionActive: (userId: string, appId: string, context: CallContext) => Promise<boolean>;
  findUserId: (userIdType: WireUserIdType, userId: string, context: CallContext) => Promise<string>;
}

export class ReadBack {
  /** @param user `line` is what their own id is remembered by */
  constructor(
    private readonly reads: SessionReads,
    private readonly user: { type: UserIdType; id: string; line: string },
    private readonly ownIds: OwnIds,
    private readonly context: CallContext,
  ) {}

  /**
   * Whether the user is signed in to an app.
   * @throws {AppError} USER_NOT_FOUND, or why it can't be told
   */
  async isOnline(appId: string): Promise<boolean> {
    return this.reads.isSessionActive(await this.genauthId(), appId, this.context);
  }

  /**
   * Whether the user is signed in to one of the apps; asks no further than the first.
   * @param reading goes on where it stands, and notes how far it has come
   * @returns null when it must stop before it knows; some app has been read then
   * @throws {AppError} as {@link isOnline}
   */
  async isOnlineInAny(appIds: readonly string[], reading: Reading, mustStop: () => boolean): Promise<boolean | null> {
    for (const appId of appIds.slice(reading.done)) {
      if (await this.isOnline(appId)) return true;
      reading.done++;
      if (reading.done < appIds.length && mustStop()) return null;
    }
    return false;
  }

  /** check-session-status takes GenAuth's own ids only. */
  private async genauthId(): Promise<string> {
    const { type, id, line } = this.user;
    if (type === UserIdType.USER_ID) return id;
    const known = this.ownIds.of(line);
    if (known !== null) return known;
    const found = await this.reads.findUserId(type, id, this.context);
    this.ownIds.remember(line, found);
    return found;
  }
}
