interface RateSliderProps {
  id: string;
  rate: number;
  disabled?: boolean;
  onChange: (rate: number) => void;
}

/** The slider is logarithmic, because the order of magnitude of a learning rate matters. */
export const RateSlider = ({ rate, onChange, ...input }: RateSliderProps) => (
  <input
    {...input}
    type="range"
    min={-6}
    max={0}
    step={0.1}
    value={Math.log10(Math.max(rate, 1e-6))}
    aria-valuetext={String(rate)}
    onInput={({ currentTarget }) => onChange(Number((10 ** Number(currentTarget.value)).toPrecision(2)))}
  />
);
