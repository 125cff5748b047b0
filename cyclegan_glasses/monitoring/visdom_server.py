"""The former name of `monitoring.visdom.server`, by which scripts start Visdom."""

from cyclegan_glasses.monitoring.visdom.server import main

if __name__ == "__main__":
    main()
