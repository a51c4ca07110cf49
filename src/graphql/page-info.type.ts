import { Field, ObjectType } from 'type-graphql';
import type { PageInfoShape } from './connection';

@ObjectType({
  simpleResolvers: true,
  description: 'Where a page of a connection lies (Relay cursor connections specification).',
})
export class PageInfo implements PageInfoShape {
  @Field(() => Boolean, { description: 'Whether there is more behind this page.' })
  hasNextPage!: boolean;

  @Field(() => Boolean, { description: 'Whether something lies before this page: true whenever `after` was given.' })
  hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true, description: 'The cursor of the first edge; null when there is none.' })
  startCursor!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The cursor of the last edge, to go on `after`; null when there is none.',
  })
  endCursor!: string | null;
}
