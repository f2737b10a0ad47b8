/** What a select offers: values that are their own words. */
export const Choices = ({ of }: { of: readonly (string | number)[] }) => (
  <>
    {of.map((value) => (
      <option key={value} value={value}>
        {value}
      </option>
    ))}
  </>
);
