"""What runs in the emulator's own environment: MiniStack, corrected where needed, saving after every change."""
