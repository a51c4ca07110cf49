import { readFlag, readPage, type Endpoint } from './input';

/** GET /api/v3/list-application-simple-info. Every app of the emulator is self-built, without single sign-on. */
export const listApplicationSimpleInfo: Endpoint = (params, context) => {
  const { start, end } = readPage(params, context);
  const wantsOthers = readFlag(params['isIntegrateApp']) || readFlag(params['ssoEnabled']);
  const keywords = typeof params['keywords'] === 'string' ? params['keywords'].toLowerCase() : '';
  const found = wantsOthers
    ? []
    : context.directory.apps.filter(({ appName }) => appName.toLowerCase().includes(keywords));
  const list = found.slice(start, end).map(({ appId, appIdentifier, appName }) => ({
    appId,
    appIdentifier,
    appName,
    appLogo: `https://files.example.com/${appIdentifier}.png`,
    appType: 'web',
    isIntegrateApp: false,
  }));
  return { totalCount: found.length, list };
};
