/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  // Minutes each: `npm run test:durability`.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/durability/'],
  globalSetup: '<rootDir>/test/helpers/global-setup.ts',
  globalTeardown: '<rootDir>/test/helpers/global-teardown.ts',
  setupFiles: ['reflect-metadata'],
  transform: { '\\.c?[jt]s$': '@swc/jest' },
  // jose is published as ES modules only, and PGlite imports dynamically, which jest can't do: swc compiles both.
  transformIgnorePatterns: ['/node_modules/(?!jose/|@electric-sql/pglite/)'],
  reporters: ['default', '<rootDir>/test/helpers/closing-line.reporter.js'],
  // For machines that have much else to do: no test is fast or slow by this.
  testTimeout: 120_000,
  // More than this and the real sockets, stores and processes of the tests wait for the processor, not for each other.
  maxWorkers: 2,
};
