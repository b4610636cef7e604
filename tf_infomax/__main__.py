"""``python -m tf_infomax`` does what ``tf-infomax`` does."""

from tf_infomax.commands.console import main

__all__ = []

if __name__ == "__main__":
    main()
