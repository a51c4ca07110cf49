import { randomUUID } from 'node:crypto';

import type { Envelope, Lang, Text } from './envelope';
import type { EmulatorOptions } from './options';

/** A refusal by business rule: thrown by endpoints and by authentication, answered as an envelope. */
export class Refusal extends Error {
  constructor(
    readonly statusCode: number,
    readonly text: Text,
    readonly apiCode?: number,
  ) {
    super(text['en-US']);
  }

  toEnvelope(lang: Lang): Envelope {
    const envelope: Envelope = { statusCode: this.statusCode, message: this.text[lang], requestId: randomUUID() };
    if (this.apiCode !== undefined) envelope.apiCode = this.apiCode;
    return envelope;
  }
}

type RefusalName = keyof typeof REFUSALS;
type Status =
  number | { [K in keyof EmulatorOptions]: EmulatorOptions[K] extends number ? K : never }[keyof EmulatorOptions];

const row = (status: Status, apiCode: number | undefined, zh: string, en: string) => ({
  status,
  apiCode,
  text: { 'zh-CN': zh, 'en-US': en } satisfies Text,
});

/**
 * The refusals that aren't about one malformed field. apiCodes: Authing docs, "error-code" page. Of the Chinese texts only that of an
 * unknown user is vouched for (the SDK's own tests); the others, and all English ones, are ours: clients must not match on them.
 */
const REFUSALS = {
  badSignature: row('signatureStatusCode', 1300, '签名不正确', 'The signature is not correct'),
  badSignatureMethod: row('signatureStatusCode', 1301, '签名方法不正确', 'The signature method is not correct'),
  badSignatureVersion: row('signatureStatusCode', 1302, '签名版本不正确', 'The signature version is not correct'),
  malformedDate: row('signatureStatusCode', 1303, '时间戳格式错误', 'The timestamp is malformed'),
  missingDate: row('signatureStatusCode', 1304, '缺少 date 请求头', 'The date header is missing'),
  skewedDate: row('signatureStatusCode', 1305, '时间戳偏差过大', 'The timestamp is too far from the server time'),
  replayedNonce: row('signatureStatusCode', 1306, '签名已被使用', 'The signature has been used already'),
  notLoggedIn: row('notLoggedInStatusCode', 2020, '尚未登录，无访问权限', 'Not logged in, no access'),
  poolNotFound: row('poolNotFoundStatusCode', 2224, '用户池不存在', 'The user pool does not exist'),
  userNotFound: row('userNotFoundStatusCode', 2004, '用户不存在', 'User does not exist'),
  appNotFound: row('appNotFoundStatusCode', 2011, '应用不存在', 'Application does not exist'),
  limitTooBig: row(400, undefined, 'limit must less than 50', 'limit must less than 50'),
  bodyTooLarge: row(413, undefined, '请求体过大', 'The request body is too large'),
  unknownEndpoint: row(404, undefined, '接口不存在', 'There is no such endpoint in the emulator'),
  emulatorFault: row(500, undefined, '服务端错误', 'The emulator failed: this is a bug of the emulator'),
} as const;

/** The named refusal, with the statusCode that the options give it. */
export function refuse(name: RefusalName, options: EmulatorOptions): Refusal {
  const { status, apiCode, text } = REFUSALS[name];
  return new Refusal(typeof status === 'number' ? status : options[status], text, apiCode);
}

/**
 * Malformed input: 400 without an apiCode. Two families of texts are seen in Authing's SDK tests: `参数 appIds 格式错误` from older
 * endpoints, class-validator's English from newer ones, which takes no notice of the language asked for.
 */
export function malformed(field: string, options: EmulatorOptions, rule = 'is malformed'): Refusal {
  if (options.validationMessages === 'class-validator') {
    const text = `${field} ${rule}`;
    return new Refusal(400, { 'zh-CN': text, 'en-US': text });
  }
  return new Refusal(400, { 'zh-CN': `参数 ${field} 格式错误`, 'en-US': `Parameter ${field} is malformed` });
}
