import { Sessions } from './sessions';
import { isUserIdType, type UserIdType } from './user-id-type';

/** A user of the pool: what he is called, by every type of id, and the details that get-user shows. */
export interface DirectoryUser {
  userId: string;
  /** One id for each type, ready to be sent. */
  ids: Readonly<Record<UserIdType, string>>;
  name: string;
  /** E.g. `+86`; `ids.phone` is without it. */
  phoneCountryCode: string;
  customData: Readonly<Record<string, string>>;
  /** ISO 8601. */
  createdAt: string;
}

export interface DirectoryApp {
  appId: string;
  appIdentifier: string;
  appName: string;
}

/** The user pool: users, apps and who is signed in where. Tests read and change it directly. */
export class Directory {
  readonly sessions = new Sessions();
  private readonly userById = new Map<string, DirectoryUser>();
  private readonly appById = new Map<string, DirectoryApp>();
  private readonly userIdByAnyId = new Map<string, string>();

  constructor(
    private readonly now: () => number,
    private readonly phoneWithCountryCode: boolean,
  ) {}

  get users(): readonly DirectoryUser[] {
    return [...this.userById.values()];
  }

  get apps(): readonly DirectoryApp[] {
    return [...this.appById.values()];
  }

  /** The first seeded user, signed in to every built-in and extra app. */
  get demoUser(): DirectoryUser {
    return firstOf(this.userById);
  }

  /** The first seeded app. */
  get demoApp(): DirectoryApp {
    return firstOf(this.appById);
  }

  addUser(user: DirectoryUser): void {
    this.userById.set(user.userId, user);
    for (const key of this.keysOf(user)) this.userIdByAnyId.set(key, user.userId);
  }

  /** The user is gone, and with him his sessions: calls for him answer 2004 from now on. */
  removeUser(userId: string): void {
    const user = this.userById.get(userId);
    if (user === undefined) return;
    for (const appId of this.sessions.appsOf(userId)) this.sessions.end(userId, appId, this.now());
    for (const key of this.keysOf(user)) this.userIdByAnyId.delete(key);
    this.userById.delete(userId);
  }

  addApp(app: DirectoryApp): void {
    this.appById.set(app.appId, app);
  }

  removeApp(appId: string): void {
    for (const userId of [...this.sessions.usersOf(appId)]) this.sessions.end(userId, appId, this.now());
    this.appById.delete(appId);
  }

  findUser(type: UserIdType, id: string): DirectoryUser | undefined {
    const userId = this.userIdByAnyId.get(`${type} ${id}`);
    return userId === undefined ? undefined : this.userById.get(userId);
  }

  findApp(appId: string): DirectoryApp | undefined {
    return this.appById.get(appId);
  }

  isOnline(userId: string, appId: string): boolean {
    return this.sessions.isLive(userId, appId);
  }

  signIn(userId: string, appId: string): void {
    this.sessions.begin(userId, appId);
  }

  /** Ends the session, as a kick does. Whether there was one. */
  signOut(userId: string, appId: string): boolean {
    return this.sessions.end(userId, appId, this.now());
  }

  private keysOf(user: DirectoryUser): string[] {
    const keys = Object.entries(user.ids).flatMap(([type, id]) => (isUserIdType(type) ? [`${type} ${id}`] : []));
    if (this.phoneWithCountryCode) keys.push(`phone ${user.phoneCountryCode}${user.ids.phone}`);
    return keys;
  }
}

function firstOf<T>(index: ReadonlyMap<string, T>): T {
  for (const value of index.values()) return value;
  throw new Error('The directory is empty: the demo user or app has been removed.');
}
