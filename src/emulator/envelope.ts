import { randomUUID } from 'node:crypto';

/** What every v3 endpoint answers with. Success is `statusCode` 200, whatever the HTTP status (Authing docs, "error-code"). */
export interface Envelope {
  statusCode: number;
  message: string;
  apiCode?: number;
  requestId?: string;
  data?: unknown;
}

/** One HTTP answer, before it is written to the socket. A string body is sent as it is. */
export interface Answer {
  httpStatus: number;
  headers: Record<string, string>;
  body: unknown;
}

/** The languages of the SDK's `lang` option. The docs list ja-JP and zh-TW too; they get zh-CN here. */
export type Lang = 'zh-CN' | 'en-US';
export type Text = Readonly<Record<Lang, string>>;

const TEXTS = {
  // The three texts for success differ between error-code page, OpenAPI and translation: never match on them.
  success: { 'zh-CN': '操作成功', 'en-US': 'Success' },
  throttled: {
    'zh-CN': '您的请求已超过最大数量限制，请稍后重试',
    'en-US': 'Your requests exceed the maximum allowed, please try again later',
  },
} as const satisfies Record<string, Text>;

/** Success in the documented shape. */
export function succeed(data: unknown, lang: Lang, withRequestId: boolean): Envelope {
  const envelope: Envelope = { statusCode: 200, message: TEXTS.success[lang] };
  if (withRequestId) envelope.requestId = randomUUID();
  return { ...envelope, data };
}

/** The one refusal with an HTTP status of its own; the documented sample has statusCode and message, no requestId. */
export function throttled(lang: Lang, retryAfterSeconds: number | null): Answer {
  const headers: Record<string, string> =
    retryAfterSeconds === null ? {} : { 'retry-after': String(retryAfterSeconds) };
  return { httpStatus: 429, headers, body: { statusCode: 429, message: TEXTS.throttled[lang] } };
}

/** Every envelope but the throttle's travels with HTTP 200. */
export function answerWith(envelope: Envelope): Answer {
  return { httpStatus: 200, headers: {}, body: envelope };
}
