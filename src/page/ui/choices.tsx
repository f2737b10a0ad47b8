/** The options of a select whose values are also their labels. */
export const Choices = ({ of }: { of: readonly (string | number)[] }) => (
  <>
    {of.map((value) => (
      <option key={value} value={value}>
        {value}
      </option>
    ))}
  </>
);
