"""From folders of pictures to batches. A sample depends on (seed, epoch, index) alone."""
