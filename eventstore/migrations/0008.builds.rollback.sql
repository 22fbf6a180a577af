DROP TABLE build_slices, builds;
