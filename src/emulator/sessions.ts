/** Who is signed in where, who ever was, and when sessions ended. No question looks through all of them. */
export class Sessions {
  private readonly appsByUser = new Map<string, Set<string>>();
  private readonly usersByApp = new Map<string, Set<string>>();
  private readonly everByUser = new Map<string, Set<string>>();
  private readonly endedAtMs = new Map<string, number>();

  begin(userId: string, appId: string): void {
    reach(this.appsByUser, userId).add(appId);
    reach(this.usersByApp, appId).add(userId);
    reach(this.everByUser, userId).add(appId);
    this.endedAtMs.delete(`${userId} ${appId}`);
  }

  /** Whether there was a session to end. */
  end(userId: string, appId: string, nowMs: number): boolean {
    const hasEnded = this.appsByUser.get(userId)?.delete(appId) ?? false;
    this.usersByApp.get(appId)?.delete(userId);
    if (hasEnded) this.endedAtMs.set(`${userId} ${appId}`, nowMs);
    return hasEnded;
  }

  isLive(userId: string, appId: string): boolean {
    return this.appsByUser.get(userId)?.has(appId) ?? false;
  }

  /** When the last session ended, in Unix milliseconds; undefined while one is live, or if there never was one. */
  endedAt(userId: string, appId: string): number | undefined {
    return this.endedAtMs.get(`${userId} ${appId}`);
  }

  /** Apps the user is signed in to now. */
  appsOf(userId: string): readonly string[] {
    return [...(this.appsByUser.get(userId) ?? [])];
  }

  /** Apps the user ever signed in to, kicked since or not. */
  everAppsOf(userId: string): readonly string[] {
    return [...(this.everByUser.get(userId) ?? [])];
  }

  /** Users signed in to the app now, first come first. */
  usersOf(appId: string): ReadonlySet<string> {
    return this.usersByApp.get(appId) ?? new Set();
  }
}

function reach(index: Map<string, Set<string>>, key: string): Set<string> {
  let found = index.get(key);
  if (found === undefined) index.set(key, (found = new Set()));
  return found;
}
