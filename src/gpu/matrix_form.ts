/**
 * The parts of a shader's text that differ between the two forms of the built-in functions for subgroup matrices: browsers that only know the
 * older one take the layout as an argument, and report arguments that differ between subgroups as errors.
 */
export const matrixForm = (olderForm = false) => ({
  directives: `enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;
${olderForm ? 'diagnostic(off, chromium.subgroup_matrix_uniformity);' : ''}`,
  ...(olderForm
    ? { layout: '', stored_layout: '', is_column_major: ', false' }
    : { layout: ', row_major', stored_layout: '<row_major>', is_column_major: '' }),
});
