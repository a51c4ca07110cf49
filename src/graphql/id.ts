import { GraphQLError, GraphQLID, GraphQLScalarType } from 'graphql';

/**
 * The `ID` of the specification, but for numbers that JSON can't carry for sure: beyond 2^53 a parser rounds them (RFC 8259,
 * section 6), and somebody else would be kicked. An id that is sent as a text is never touched.
 */
export const ID = new GraphQLScalarType<string, string>({
  ...GraphQLID.toConfig(),
  parseValue: (value) => {
    if (typeof value === 'number' && !Number.isSafeInteger(value)) {
      throw new GraphQLError('ID cannot represent value: one that is not exact');
    }
    return GraphQLID.parseValue(value);
  },
});
