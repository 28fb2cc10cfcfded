"""What a submission was before: earlier answers, kept at each change, gone with the submission."""
