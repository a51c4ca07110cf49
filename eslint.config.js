// The storeys of the code, enforced: GraphQL edge -> service -> GenAuth client -> wire.
// Every refusal says what to do instead.
const graphql = require('@graphql-eslint/eslint-plugin').default ?? require('@graphql-eslint/eslint-plugin');
const tseslint = require('typescript-eslint');

const DECORATORS = {
  group: ['type-graphql', 'class-validator'],
  message: 'Decorators belong to *.input, *.type, *.payload, *.enum and *.resolver files, and to src/graphql.',
};
const EDGE = {
  group: ['graphql', 'type-graphql', 'class-validator', '@apollo/*', 'fastify', '**/graphql/*'],
  message: 'GenAuth is the backend and knows no GraphQL: throw an AppError and let the edge shape it.',
};
const BELOW_EDGE = {
  ...EDGE,
  message: 'What services stand on knows no GraphQL: throw an error of your own and let src/graphql shape it.',
};
const SENDER = {
  group: ['undici'],
  message: 'Only src/genauth sends requests: call GenAuthClient instead.',
};
const TEST = { group: ['**/test/**'], message: 'src never imports from test: move the shared part into src.' };
const GENAUTH = {
  group: ['**/genauth/*'],
  message: 'Only services and app.ts talk to GenAuth: go through the service of the topic.',
};
const CONFIG = {
  group: ['**/config', '**/config-*'],
  message: 'Take the few values needed as arguments: app.ts hands them over.',
};
const OTHER_EDGE = {
  regex: String.raw`^\.\./(kick|jobs|audit)/.*\.(resolver|type|payload|input)$`,
  message: "A topic may use another topic's service, never its resolver or types.",
};

const restrict = (...patterns) => ({ 'no-restricted-imports': ['error', { patterns }] });

module.exports = tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'coverage/', 'data/', 'test/generated/', 'test/bench/peers/'] },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: './test/tsconfig.json', tsconfigRootDir: __dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/require-await': 'off',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'max-lines': ['error', { max: 200 }],
      'no-restricted-properties': [
        'error',
        {
          object: 'process',
          property: 'env',
          message: 'Only src/config.ts reads the environment: add a variable there.',
        },
        { object: 'process', property: 'exit', message: 'Only src/main.ts ends the process: throw, or call stop().' },
      ],
      'no-restricted-globals': [
        'error',
        { name: 'fetch', message: 'Only src/genauth sends requests: use GenAuthClient.' },
      ],
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true, named: true, defaultFrom: true } }],
      'no-console': 'error',
      ...restrict(DECORATORS, SENDER, TEST),
    },
  },
  {
    files: ['src/**/*.{input,type,payload,enum}.ts'],
    rules: restrict(SENDER, TEST, GENAUTH, CONFIG),
  },
  {
    files: ['src/**/*.resolver.ts'],
    rules: restrict(SENDER, TEST, GENAUTH, CONFIG, OTHER_EDGE),
  },
  {
    files: ['src/{graphql,auth}/**/*.ts', 'src/schema.ts', 'src/errors.ts', 'src/context.ts'],
    rules: restrict(SENDER, TEST, GENAUTH, CONFIG),
  },
  {
    files: ['src/**/*.{service,worker,repository}.ts'],
    rules: restrict(DECORATORS, EDGE, SENDER, TEST, CONFIG, OTHER_EDGE),
  },
  {
    files: ['src/{limits,pace,store}/**/*.ts'],
    rules: restrict(DECORATORS, BELOW_EDGE, SENDER, TEST, GENAUTH, CONFIG),
  },
  {
    files: ['src/genauth/*.ts'],
    rules: restrict(EDGE, TEST, CONFIG, {
      regex: String.raw`^\.\./(kick|jobs|audit|auth|store|graphql|emulator)/`,
      message: 'GenAuth is the lowest storey: it imports errors and libraries, nothing above it.',
    }),
  },
  {
    files: ['src/emulator/*.ts'],
    rules: restrict(EDGE, SENDER, TEST, {
      regex: String.raw`^\.\./`,
      message: 'The emulator stands in for GenAuth: sharing code with the gateway would hide a mistake of both.',
    }),
  },
  {
    files: ['src/errors.ts', 'src/**/*.enum.ts'],
    rules: restrict({ regex: String.raw`^\.`, message: 'Imports nothing of ours.' }),
  },
  { files: ['src/app.ts', 'src/main.ts', 'src/schema.ts'], rules: restrict(TEST, SENDER) },
  // The issuer's keys are no call to GenAuth's API: another host, no signature, no circuit, and of no use to services.
  { files: ['src/auth/fetch-keys.ts'], rules: restrict(TEST, GENAUTH, CONFIG) },
  { files: ['src/config.ts', 'src/config-environment.ts'], rules: { 'no-restricted-properties': 'off' } },
  {
    files: ['src/main.ts', 'src/emulator/main.ts', 'src/emit-schema.ts'],
    rules: { 'no-restricted-properties': 'off', 'no-console': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      'max-lines': ['error', { max: 300 }],
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    files: ['schema/schema.graphql'],
    languageOptions: { parser: graphql.parser },
    plugins: { '@graphql-eslint': graphql },
    rules: {
      '@graphql-eslint/require-description': [
        'error',
        { types: true, FieldDefinition: true, InputValueDefinition: true, EnumValueDefinition: true },
      ],
      '@graphql-eslint/naming-convention': [
        'error',
        {
          types: 'PascalCase',
          FieldDefinition: 'camelCase',
          InputValueDefinition: 'camelCase',
          EnumValueDefinition: 'UPPER_CASE',
        },
      ],
      '@graphql-eslint/no-typename-prefix': 'error',
      '@graphql-eslint/no-duplicate-fields': 'off',
    },
  },
);
