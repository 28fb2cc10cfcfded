"""What leaves the system: reader, builder, storage, downloads, the nightly run."""
