/** Names the suites that were left out, and ends a run with one plain line that any CI can count. */
module.exports = class ClosingLine {
  constructor({ testNamePattern }) {
    // Whoever asks for tests by name knows that others are left out.
    this.isPartial = Boolean(testNamePattern);
  }

  onRunComplete(_contexts, results) {
    const { numPassedTests, numFailedTests, numPendingTests, numFailedTestSuites, testResults } = results;
    const leftOut = testResults.flatMap(({ testResults: tests }) =>
      tests.filter(({ status }) => status === 'pending').map(({ ancestorTitles: [suite], title }) => suite ?? title),
    );
    if (leftOut.length > 0 && !this.isPartial) {
      for (const suite of new Set(leftOut)) process.stdout.write(`left out: ${suite}\n`);
      process.stdout.write(
        'These need PostgreSQL (its initdb and postgres, or TEST_POSTGRES_URL), or curl and jq for the commands for the night.\n',
      );
    }
    const failed = Math.max(numFailedTests, numFailedTestSuites > 0 ? 1 : 0);
    const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : '';
    process.stdout.write(`\n${numPassedTests} passed, ${failed} failed${skipped}\n`);
  }
};
