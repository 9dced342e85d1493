from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('predictor', '0007_purge'),
    ]

    operations = [
        migrations.AddField(
            model_name='modelversion',
            name='estimator',
            field=models.CharField(blank=True, default='', help_text="Class of the estimator, and of a pipeline's steps.", max_length=200),
            preserve_default=False,
        ),
    ]
