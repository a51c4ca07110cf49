import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { startTestIssuer } from '../helpers/issuer';
import { startTestApp } from '../helpers/start-app';
import { kickAndTell } from './kick-button';

const FILE = path.join(__dirname, 'kick-button.ts');

/** What the compiler says of the front end's file, with a text of ours in its place. */
function diagnose(text: string): string[] {
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'],
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const getSourceFile = host.getSourceFile.bind(host);
  host.getSourceFile = (name, ...rest) =>
    name === FILE ? ts.createSourceFile(name, text, ts.ScriptTarget.ES2022) : getSourceFile(name, ...rest);
  const program = ts.createProgram([FILE], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

const text = readFileSync(FILE, 'utf8');

test('a front end that uses the generated types compiles in strict mode', () => {
  expect(diagnose(text)).toEqual([]);
});

test('the compiler refuses a front end that forgets a member of the union', () => {
  const forgetful = text.replace(/case 'KickUsersSuccess':\n.*\n/, '');
  expect(forgetful).not.toBe(text);
  expect(diagnose(forgetful)).toEqual([expect.stringContaining("not assignable to parameter of type 'never'")]);
});

test('it tells success, refused input and failures apart at run time', async () => {
  const app = await startTestApp();
  const { demoUser, demoApp } = app.genauth.directory;
  const kick = (userId: string) => kickAndTell(`${app.url}/graphql`, { userId, appIds: [demoApp.appId] });

  expect(await kick(demoUser.userId)).toBe('The user is offline.');
  expect(await kick(' ')).toBe('userId must not be blank');
  expect(await kick('nobody')).toBe('Not done: USER_NOT_FOUND');
  app.genauth.faults.always({ kind: 'status', status: 503 });
  expect(await kick(demoUser.userId)).toBe('It may have worked: UPSTREAM_UNAVAILABLE');
});

test("it sends its user's token, without which a gateway with an issuer refuses", async () => {
  const issuer = await startTestIssuer();
  const app = await startTestApp(issuer.environment);
  const { demoUser, demoApp } = app.genauth.directory;
  const kick = (token?: string) =>
    kickAndTell(`${app.url}/graphql`, { userId: demoUser.userId, appIds: [demoApp.appId] }, token);

  await expect(kick()).rejects.toThrow();
  expect(await kick(await issuer.issue())).toBe('The user is offline.');
});
