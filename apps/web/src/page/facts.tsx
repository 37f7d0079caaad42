/** Facts by name, as a list for people and screen readers alike. */
export const Facts = ({
  facts,
  label,
}: {
  readonly facts: readonly (readonly [string, string])[];
  readonly label?: string;
}) => (
  <dl class="facts" aria-label={label}>
    {facts.map(([name, fact]) => (
      <div key={name}>
        <dt>{name}</dt>
        <dd>{fact}</dd>
      </div>
    ))}
  </dl>
);
