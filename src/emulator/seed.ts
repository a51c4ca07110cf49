import { Directory, type DirectoryApp, type DirectoryUser } from './directory';
import type { EmulatorOptions } from './options';

const APP_NAMES = ['Demo Portal', 'Demo Shop', 'Demo Mail', 'Demo Wiki', 'Demo Console'];
const USER_NAMES = (
  'alice bob carol dave erin frank grace heidi ivan judy kim leo mia nina oscar peggy quinn rupert sybil trent ' +
  'ursula victor wendy xenia yang zoe anton berta cesar dora emil frida gustav hanna igor julia karl lena max nora'
).split(' ');
/** The last of the named users are offline, and have been online before. */
const OFFLINE_USERS = 8;
const CREATED_AT = '2022-07-03T02:20:30.000Z';
const EXT_IDP_ID = '62f20932716fbcc10d966ee5';

/** 24 hex digits, as the platform's ids have. */
function makeId(prefix: string, serial: number): string {
  return prefix + serial.toString(16).padStart(24 - prefix.length, '0');
}

function makeUser(
  serial: number,
  username: string,
  customFieldFormat: EmulatorOptions['customFieldFormat'],
): DirectoryUser {
  const digits = String(serial).padStart(5, '0');
  const badge = `B-${digits}`;
  const userId = makeId('6229ffa', serial);
  const ids = {
    user_id: userId,
    external_id: `emp-${digits}`,
    phone: `188000${digits}`,
    email: `${username}@example.com`,
    username,
    identity: `${EXT_IDP_ID}:ou_idp${digits}`,
    sync_relation: `lark:ou_lark${digits}`,
    custom_field: customFieldFormat === 'value' ? badge : `badge:${badge}`,
  };
  return { userId, ids, name: username, phoneCountryCode: '+86', customData: { badge }, createdAt: CREATED_AT };
}

function makeApp(serial: number, appName: string): DirectoryApp {
  return { appId: makeId('62188e7', serial), appIdentifier: appName.toLowerCase().replaceAll(' ', '-'), appName };
}

/**
 * Forty named users, each with an id of every type, and five apps. alice is signed in everywhere, most others in two or three apps,
 * the last eight nowhere any more. Ids are the same at every start. Extra users follow, signed in to all five apps.
 */
export function seedDirectory(options: EmulatorOptions): Directory {
  const directory = new Directory(options.now, options.phoneWithCountryCode);
  const builtIn = APP_NAMES.map((name, index) => makeApp(index + 1, name));
  const extra = Array.from({ length: options.extraApps }, (_, i) => makeApp(i + 1001, `Extra App ${i + 1}`));
  const apps = [...builtIn, ...extra];
  for (const app of apps) directory.addApp(app);

  USER_NAMES.forEach((username, index) => {
    const user = makeUser(index + 1, username, options.customFieldFormat);
    directory.addUser(user);
    apps.forEach(({ appId }, appIndex) => {
      if (index > 0 && (appIndex >= builtIn.length || (index + appIndex) % 2 === 1)) return;
      directory.signIn(user.userId, appId);
      if (index >= USER_NAMES.length - OFFLINE_USERS) directory.signOut(user.userId, appId);
    });
  });

  for (let i = 1; i <= options.extraUsers; i++) {
    // Serials above the named users', within the five digits of phone and badge up to 89 999 extra users.
    const user = makeUser(10_000 + i, `load-${String(i).padStart(5, '0')}`, options.customFieldFormat);
    directory.addUser(user);
    for (const { appId } of builtIn) directory.signIn(user.userId, appId);
  }
  return directory;
}
