"""Recipes by name: the beginning of a command line, after which comes what is typed beside `--preset`."""

SMALL = " --filters 24 48 72 96 --kernels 3 3 3 3 --composite --load_size 66 --crop_size 64 --num_threads 0"
"""Small generators for small pictures; the portraits are few, so they are read by the training itself."""

SHIPPED_ON = (
    "--model mask2face --netG coarse_to_fine --start_from shipped --load_size 224 --crop_size 224"
    " --crop_height 144 --camera --bare_share 0.06 --loss l1 --lambda_changed 3 --lambda_rim 4"
    " --lambda_gradient 1 --lambda_chroma 2 --lambda_frame 0.1 --batch_size 8 --lr 0.0003 --beta2 0.99"
    " --clip_grad 1 --save_epoch_freq 0"
)
"""The remover that ships learns on, on pairs with layers."""

PRESETS = {
    # Zhu et al., arXiv 1703.10593, §4 and §7: 256², nine blocks, least squares, 100 + 100 epochs.
    "paper": "--netG resnet_9blocks --netD basic --gan_mode lsgan --load_size 286 --crop_size 256"
    " --batch_size 1 --lr 0.0002 --n_epochs 100 --n_epochs_decay 100 --lambda_A 10 --lambda_B 10"
    " --lambda_identity 0.5 --pool_size 50",
    # The term project of 2021 that this toolkit grew from.
    "glasses2021": "--netG resnet_9blocks --netD basic --gan_mode vanilla --init_type kaiming --load_size 286"
    " --crop_size 256 --batch_size 1 --lr 0.0002 --n_epochs 100 --n_epochs_decay 0 --lambda_A 0.1"
    " --lambda_B 0.1 --lambda_identity 0.5",
    # What the model that ships was trained with (docs/results/model.md): 96², begun with a remover and an
    # adder that learnt from drawn pairs.
    "glasses": "--netG residual_unet --filters 16 32 48 64 --kernels 7 5 3 3 --composite --ndf 32"
    " --init_type kaiming --mismatched --discriminators_first 150 --lr_ratio 2 --load_size 100 --crop_size 96"
    " --batch_size 4 --lr 0.0002 --beta2 0.99 --lambda_A 1 --lambda_B 3 --lambda_identity 0 --n_epochs 1"
    " --n_epochs_decay 1 --ema 0.995",
    # What takes glasses off sharp photos (docs/results/model.md): from what ships, on pairs with layers.
    "remover": "--model mask2face --netG coarse_to_fine --start_from shipped --load_size 224 --crop_size 224"
    " --crop_height 144 --camera --bare_share 0.06 --own_share 0.25 --loss l1 --lambda_changed 3"
    " --lambda_rim 4 --lambda_gradient 1 --lambda_chroma 2 --lambda_level 2 --lambda_frame 0.1 --ema 0.998"
    " --batch_size 8 --lr 0.0004 --beta2 0.99 --clip_grad 1 --n_epochs 1 --n_epochs_decay 1",
    # The attribute classifier goes on from the one that ships (docs/guides/attributes.md).
    "judge": "--model facelyzr --start_from shipped --pretraining none --load_size 108 --crop_size 96"
    " --drawn 0.6 --lr 0.0007 --n_epochs 1 --n_epochs_decay 3 --save_latest_freq 3200 --save_epoch_freq 0"
    " --print_freq 1600",
    # What `cyclegan-glasses learn` runs: the model that ships goes on, on pairs of a person's own photos.
    "fine-tune": SHIPPED_ON
    + " --ema 0.99 --n_epochs 2 --n_epochs_decay 2 --patience 4 --save_latest_freq 400"
    " --update_html_freq 400",
    # Minutes on a CPU, on drawn pairs of a few hundred bare faces: the same, and a small iSee from nothing.
    "mask2face-quick": SHIPPED_ON + " --ema 0.98 --n_epochs 1 --n_epochs_decay 1 --print_freq 80",
    "isee-quick": "--model isee --filters 32 --lr 0.002 --n_epochs 30 --n_epochs_decay 40 --batch_size 8"
    " --print_freq 2000 --save_epoch_freq 0",
    # iSee as its authors tuned it, and as they began (docs/guides/isee.md).
    "isee": "--model isee --filters 90 --n_epochs 250 --n_epochs_decay 0 --batch_size 20",
    "isee-early": "--model isee --filters 70 --n_epochs 50 --n_epochs_decay 0 --batch_size 25",
    # Minutes on two CPU cores: what `make demo` trains on the synthetic portraits. A remover
    # learns from drawn pairs; CycleGAN begins with it.
    "demo-pairs": "--model mask2face --batch_size 12 --lr 0.001 --n_epochs 8 --n_epochs_decay 12"
    " --print_freq 480 --display_freq 480" + SMALL,
    "demo": "--netG residual_unet --ndf 32 --init_type kaiming --mismatched --discriminators_first 60"
    " --lr_ratio 8 --pool_size 50 --batch_size 4 --lr 0.00005 --beta2 0.99 --lambda_A 2 --lambda_B 5"
    " --lambda_identity 0 --n_epochs 1 --n_epochs_decay 1 --ema 0.98 --print_freq 100 --display_freq 100"
    " --update_html_freq 400" + SMALL,
}
