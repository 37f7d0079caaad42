import { unbroken } from './unbroken.js';

/** Facts by name, as a list for people and screen readers alike. */
export const Facts = ({
  isWordy = false,
  facts,
  label,
}: {
  readonly facts: readonly (readonly [string, string])[];
  readonly label?: string;
  /** Whether the facts are sentences. */
  readonly isWordy?: boolean;
}) => (
  <dl class={isWordy ? 'facts wordy' : 'facts'} aria-label={label}>
    {facts.map(([name, fact]) => (
      <div key={name}>
        <dt>{name}</dt>
        <dd>{unbroken(fact)}</dd>
      </div>
    ))}
  </dl>
);
